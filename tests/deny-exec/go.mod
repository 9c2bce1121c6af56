module inhaul.dev/tests/deny-exec

go 1.24.0
