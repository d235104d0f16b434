#!/bin/sh
# Runs test_master.py.
. "${srcdir:-.}/tests/fcgi/python.sh"
run_python test_master.py
