module git-server

go 1.24
