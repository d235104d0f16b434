# End-to-end tests: scripts/test runs them against a service that scripts/demo starts.
EXTRA_DIST += tests/e2e/run.py tests/e2e/bad_input_test.py tests/e2e/chaos_test.py tests/e2e/demo_test.py \
	tests/e2e/mount_test.py tests/e2e/operation_test.py tests/e2e/outage_test.py \
	tests/e2e/lifecycle_test.py \
	tests/e2e/outcomes_test.py \
	tests/e2e/payments_test.py tests/e2e/servers_test.py tests/e2e/slice_test.py \
	tests/e2e/lib/__init__.py tests/e2e/lib/case.py tests/e2e/lib/client.py \
	tests/e2e/lib/daraja.py tests/e2e/lib/outage.py tests/e2e/lib/raw.py tests/e2e/lib/receiver.py tests/e2e/lib/sandbox.py \
	tests/e2e/lib/stack.py \
	tests/e2e/lib/tap.py
