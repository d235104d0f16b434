#!/bin/sh
# Runs test_start.py.
. "${srcdir:-.}/tests/fcgi/python.sh"
run_python test_start.py
