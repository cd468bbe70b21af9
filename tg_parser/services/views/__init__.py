"""Results in the form that all interfaces show (`--json`). Their JSON Schemas are in docs/contracts/."""
