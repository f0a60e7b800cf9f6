"""How running out of memory shows itself in Python, and whose memory can be kept."""

import ctypes
import sys

import pytest
import torch

on_glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="glibc only"
)

CPU_ERROR = "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"
OUT_OF_MEMORY = [
    torch.OutOfMemoryError("x"),
    RuntimeError(CPU_ERROR),
    RuntimeError("could not create a primitive"),  # oneDNN, in a convolution
    RuntimeError("std::bad_alloc"),
    RuntimeError("unable to mmap 178 bytes from file <best.safetensors>: Cannot allocate memory (12)"),
    MemoryError(),
]
