"""What can be seen of a running process: metrics and traces, silent unless they are switched on."""
