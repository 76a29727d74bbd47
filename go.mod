module github.com/ringmaster-ha/ringmaster

go 1.26.0

require golang.org/x/sys v0.49.0

require golang.org/x/sync v0.24.0

require github.com/beevik/etree v1.8.1
