"""What each Grafana dashboard shows, a module per dashboard; dashboards.py makes the files."""
