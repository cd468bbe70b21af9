"""The command line: parse arguments, call a service, show the result."""
