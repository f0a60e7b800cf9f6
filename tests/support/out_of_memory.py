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
    RuntimeError("MPS backend out of memory (MPS allocated: 17.92 GB, other allocations: 1.06 GB, max allowed: 18 GB)"),
    RuntimeError("Invalid buffer size: 24.00 GB"),  # Apple's
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("GET was unable to find an engine to execute this computation"),  # cuDNN without a workspace
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("Caught OutOfMemoryError in DataLoader worker process 0."),
    MemoryError(),
]
