module github.com/lmssso/lmssso/lab

go 1.26.0
