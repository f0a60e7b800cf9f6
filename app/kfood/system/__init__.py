"""The machine: files, disk, logs, memory, processes."""
