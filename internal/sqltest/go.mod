module github.com/lmssso/lmssso/internal/sqltest

go 1.26.0

require github.com/lmssso/lmssso v0.0.0

replace github.com/lmssso/lmssso => ../..
