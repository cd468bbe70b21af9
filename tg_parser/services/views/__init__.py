"""Results as every interface shows them: what `--json` prints. Their JSON Schemas are in docs/contracts/."""
