"""The run folder: its files, their checksums, and how runs are found."""
