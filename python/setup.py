"""The C extension; everything else is in pyproject.toml."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("hocket.choose._native", ["src/hocket/choose/_native.c"], extra_compile_args=["-std=c11", "-Wall", "-Wextra"])
    ]
)
