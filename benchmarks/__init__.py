"""The measuring programs. Each module measures one noun beside its bare parts, in the same run."""
