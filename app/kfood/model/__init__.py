"""The network: a body, a head, and what its weights start from."""
