module inhaul.dev/tests/fault-proxy

go 1.24.0
