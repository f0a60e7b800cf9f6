"""Is this computer fit for kfood? What `kfood doctor` looks at."""
