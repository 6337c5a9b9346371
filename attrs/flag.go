package attrs

import "strings"

// flagWords lists what a flag may say, for error texts.
const flagWords = "true, false, 1, 0, yes or no"

// ParseFlag reads the value of a flag: true, 1 or yes, false, 0 or no, in any case. An absent or a blank flag is false.
// Anything else, white space around a word and a list included, is an [*Error] naming the attribute: a flag that cannot
// be read is never taken for false, because false may be the dangerous answer.
func ParseFlag(k Key, v Value) (bool, error) {
	if v.state != Present {
		return false, nil
	}
	switch strings.ToLower(v.text) {
	case "true", "1", "yes":
		return true, nil
	case "false", "0", "no":
		return false, nil
	default:
		return false, flagError(k, v.describe())
	}
}

func flagError(k Key, received string) *Error {
	return &Error{Key: k, Detail: "not a flag", Expected: flagWords, Received: received}
}

// Flag reads a flag of the set with [ParseFlag]'s rules. In a set made by a [Mapper] every flag is readable.
func (s Set) Flag(k Key) (bool, error) { return ParseFlag(k, s.Get(k)) }
