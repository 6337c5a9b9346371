# An index of commands. Each stands for itself and can be typed by hand.

.PHONY: demo test race lint fuzz bench golden lab all

demo:    ## the small learning platform, on http://127.0.0.1:8080
	go run ./examples/academy

test:    ## every test that needs only Go
	go test work

race:    ## the same under the race detector, in random order
	go test -race -shuffle=on work

lint:    ## formatting, vet, staticcheck
	gofmt -l .
	go vet work
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

fuzz:    ## one target: make fuzz PKG=./safelist TARGET=FuzzCheck
	go test -run '^$$' -fuzz '^$(TARGET)$$' -fuzztime 60s $(PKG)

bench:   ## benchmarks beside other libraries, with ratios
	cd internal/bench && go run ./ratios

golden:  ## rewrite the golden files after a decision
	go test ./internal/house ./attrs ./ssolog ./internal/demoidp/saml ./oidc -update

lab:     ## tests that need a browser and other programs; also takes the security rules out one by one
	cd lab/oidc/oidcprovider && npm ci --ignore-scripts --no-audit --no-fund
	cd lab && GOWORK=off go test -count=1 -timeout 60m ./...

all:     ## the whole gate
	.ci/run
