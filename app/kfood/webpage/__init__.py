"""The page on which a person tries a model: the same files for the server's page and for the one without a server."""
