"""The socket that a server listens at."""

from __future__ import annotations

import errno
import socket

from kfood.errors import KfoodError, MachineError

_WAITING = 2048  # connections that the system keeps until they are accepted


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that is bound and waits for connections; port 0 takes any that is free.

    Raises:
        KfoodError: the port is in use or forbidden, or the host is no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise KfoodError(f"--host {host} is no address that this machine knows: try 127.0.0.1, or 0.0.0.0.") from None
    found = socket.socket(family, kind, protocol)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
        found.listen(_WAITING)
    except OSError as error:
        found.close()
        raise _refusal(host, port, error) from None
    found.set_inheritable(True)
    return found


def address_of(listening: socket.socket) -> str:
    """Return where a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _refusal(host: str, port: int, error: OSError) -> KfoodError:
    if error.errno == errno.EADDRINUSE:
        return MachineError(f"Port {port} is in use by another program: take another one, such as --port {port + 1}.")
    if error.errno == errno.EACCES:
        return MachineError(f"The system does not permit port {port}: take one from 1024 on, such as --port 8000.")
    return MachineError(f"{host}, port {port}, cannot be listened at: {error.strerror}.")
