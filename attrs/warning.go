package attrs

// Warning is something tolerated in what a provider sent, which its administrator should put right.
type Warning struct {
	// Key is the attribute concerned.
	Key Key `json:"attribute"`
	// Text says what was tolerated and what was done about it, without the value.
	Text string `json:"text"`
}
