"""What every interface calls. No printing, no HTTP."""
