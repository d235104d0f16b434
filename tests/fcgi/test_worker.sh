#!/bin/sh
# Runs test_worker.py.
. "${srcdir:-.}/tests/fcgi/python.sh"
run_python test_worker.py
