"""The dashboards: assets for Apache Superset, and the commands that load and serve them."""
