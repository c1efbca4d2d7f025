"""What a person declares in YAML, read into validated models. No Dagster."""
