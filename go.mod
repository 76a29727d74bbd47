module github.com/ringmaster-ha/ringmaster

go 1.26
