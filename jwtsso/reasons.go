package jwtsso

import "github.com/lmssso/lmssso"

const (
	unreadable = "The sign-in message could not be read."
	badSetup   = "Signing in is not set up correctly on this site."
)

// The finer reasons of this package. Each stands under a code of the catalogue, and a refusal matches both: one made for
// [ErrCritical] also satisfies errors.Is(err, lmssso.ErrMalformed). Refusals for which the catalogue's own reason says it
// all ([lmssso.ErrSignature], [lmssso.ErrExpired], [lmssso.ErrNotYetValid], [lmssso.ErrReplayed], [lmssso.ErrIssuer],
// [lmssso.ErrAudience], [lmssso.ErrAlgorithm]) use that.
var (
	// ErrTokenMissing refuses a request without a token.
	ErrTokenMissing = lmssso.NewReason("malformed", 400, "The sign-in message is missing.", "Send the token in the parameter the dialect names.")
	// ErrTokenRepeated refuses a request with a token in two places, or twice in one.
	ErrTokenRepeated = lmssso.NewReason("malformed", 400, unreadable, "Send the token once: in the URL, in the form or in the Authorization header.")
	// ErrDelivery refuses a token that came in a way the dialect does not have.
	ErrDelivery = lmssso.NewReason("malformed", 400, unreadable, "Send the token the way the dialect says: the log names where it came from.")
	// ErrRequest refuses a query string or form body that cannot be read, or that repeats a redirect target.
	ErrRequest = lmssso.NewReason("malformed", 400, unreadable, "Percent-encode every parameter, return_to and error_url above all.")
	// ErrTokenTooLarge refuses a token beyond 16 kB, ErrRequestTooLarge a query or body that could not hold one.
	ErrTokenTooLarge   = lmssso.NewReason("too-large", 413, "The sign-in message is too large.", "Send fewer attribute values: a token may have 16 kB.")
	ErrRequestTooLarge = lmssso.NewReason("too-large", 413, "The sign-in message is too large.", "Send the token by POST and keep redirect targets short.")

	// ErrCompact refuses what is not three segments (RFC 7515 section 3.1): JSON serialization, encryption, nothing signed.
	ErrCompact = lmssso.NewReason("malformed", 400, unreadable, "Send a signed JWT in compact form: header.payload.signature.")
	// ErrEncoding refuses padding, line breaks, the standard alphabet and set trailing bits (RFC 7515 section 2).
	ErrEncoding = lmssso.NewReason("malformed", 400, unreadable, "Encode each segment as base64url without padding.")
	// ErrJSON refuses a header or payload that is not one JSON document within limits.
	ErrJSON = lmssso.NewReason("malformed", 400, unreadable, "Build header and payload with a JSON encoder.")
	// ErrDuplicate refuses names given twice, or differing only in case (RFC 7519 section 4).
	ErrDuplicate = lmssso.NewReason("malformed", 400, unreadable, "Send each claim once; names that differ only in case count as one.")
	// ErrText refuses invalid UTF-8, lone surrogates, U+FFFD and U+0000.
	ErrText = lmssso.NewReason("malformed", 400, unreadable, "Encode the claims as UTF-8 and send no replacement characters.")
	// ErrNotObject refuses a header or payload that is another kind of JSON, or a token within the token.
	ErrNotObject = lmssso.NewReason("malformed", 400, unreadable, "The payload must be a JSON object with the claims.")

	// ErrHeader refuses a header member other than alg, typ and kid.
	ErrHeader = lmssso.NewReason("malformed", 400, unreadable, "Send only alg, typ and kid in the header.")
	// ErrCritical refuses crit (RFC 7515 section 4.1.11): no extension is supported.
	ErrCritical = lmssso.NewReason("malformed", 400, unreadable, "Remove crit from the header.")
	// ErrUnencoded refuses b64 (RFC 7797).
	ErrUnencoded = lmssso.NewReason("malformed", 400, unreadable, "Remove b64 from the header and encode the payload.")
	// ErrCompressed refuses zip.
	ErrCompressed = lmssso.NewReason("malformed", 400, unreadable, "Remove zip from the header and do not compress the payload.")
	// ErrHeaderJWK, ErrHeaderJKU, ErrHeaderX5U and ErrHeaderX5C refuse keys and addresses of keys that a token brings along.
	ErrHeaderJWK = lmssso.NewReason("malformed", 400, unreadable, "Remove jwk from the header: keys come from the connection alone.")
	ErrHeaderJKU = lmssso.NewReason("malformed", 400, unreadable, "Remove jku from the header: keys come from the connection alone.")
	ErrHeaderX5U = lmssso.NewReason("malformed", 400, unreadable, "Remove x5u from the header: keys come from the connection alone.")
	ErrHeaderX5C = lmssso.NewReason("malformed", 400, unreadable, "Remove x5c from the header: keys come from the connection alone.")
	// ErrType refuses a typ other than JWT: a token made for another purpose.
	ErrType = lmssso.NewReason("malformed", 400, unreadable, "Send typ JWT in the header, or leave it out.")
	// ErrUnsecured refuses alg none in any spelling, ErrAlgorithmMissing a header without alg.
	ErrUnsecured        = lmssso.NewReason("algorithm", 403, "The sign-in message is not signed.", "Sign the token with the connection's key.")
	ErrAlgorithmMissing = lmssso.NewReason("algorithm", 403, "The sign-in message does not say how it is signed.", "Send the dialect's algorithm as alg in the header.")

	// ErrIssuedAtMissing refuses a token without the dialect's time claim.
	ErrIssuedAtMissing = lmssso.NewReason("malformed", 400, unreadable, "Send the time of issue (iat) with every token, or set AllowMissingIssuedAt.")
	// ErrExpiryMissing refuses a token without exp where the dialect demands it.
	ErrExpiryMissing = lmssso.NewReason("malformed", 400, unreadable, "Send exp with every token.")
	// ErrTimeType refuses a time that is not a JSON number (RFC 7519 section 2, NumericDate).
	ErrTimeType = lmssso.NewReason("malformed", 400, unreadable, "Send times as numbers, not as text.")
	// ErrTimeRange refuses a time outside the years 1970 to 9999: zero, negative, infinite or in the wrong unit.
	ErrTimeRange = lmssso.NewReason("malformed", 400, unreadable, "Send times in the dialect's unit: seconds since 1970, unless it says milliseconds.")
	// ErrLifetime refuses an expiry further ahead than the dialect's window.
	ErrLifetime = lmssso.NewReason("expired", 403, "The sign-in message is valid for too long.", "Let the token expire within the dialect's window.")
	// ErrTokenIDMissing refuses a token without the id (jti) its dialect demands.
	ErrTokenIDMissing = lmssso.NewReason("malformed", 400, unreadable, "Send a fresh random jti with every token.")
	// ErrTokenID refuses an id that is not a text of 1 to 256 bytes.
	ErrTokenID = lmssso.NewReason("malformed", 400, unreadable, "Send jti as a text of at most 256 bytes.")
	// ErrCodec refuses claims a dialect's codec could not read.
	ErrCodec = lmssso.NewReason("malformed", 400, unreadable, "The log has what the dialect's codec refused.")

	// ErrDialect refuses a dialect with faults; the error lists them.
	ErrDialect = lmssso.NewReason("configuration", 503, badSetup, "Correct the dialect's fields the log names.")
	// ErrKeyCount refuses no keys, or more than the dialect keeps alive.
	ErrKeyCount = lmssso.NewReason("configuration", 503, badSetup, "Configure at least one key and delete retired ones.")
	// ErrKeyTooShort refuses a secret shorter than the algorithm's hash (RFC 7518 section 3.2).
	ErrKeyTooShort = lmssso.NewReason("configuration", 503, badSetup, "Use a key of GenerateKey, or set AllowShortKeys for a platform that hands out short ones.")
	// ErrKeyInvalid refuses a key that cannot be decoded or is of the wrong type.
	ErrKeyInvalid = lmssso.NewReason("configuration", 503, badSetup, "Compare the key with the dialect's encoding and algorithm.")
	// ErrReplayStore refuses a verifier without a single-use store.
	ErrReplayStore = lmssso.NewReason("configuration", 503, badSetup, "Configure a SingleUse store, or set AllowReplay.")

	// ErrLearnerIncomplete refuses to mint a token without what the platform demands.
	ErrLearnerIncomplete = lmssso.NewReason("attribute-missing", 403, "You cannot be signed in there: something about you is not known here.", "Give the learner the attribute the log names.")
	// ErrNotCarried refuses to mint an attribute the dialect has no claim for.
	ErrNotCarried = lmssso.NewReason("attribute-invalid", 400, "You cannot be signed in there.", "Leave the attribute out, map it in the dialect, or set DropUncarried.")
	// ErrRoleName refuses to mint a role that is not a slug.
	ErrRoleName = lmssso.NewReason("role-unknown", 403, "You cannot be signed in there with this role.", "Send the role's slug, such as client-admin, not its display name.")
	// ErrTarget refuses to mint a redirect target no platform would follow.
	ErrTarget = lmssso.NewReason("target-not-allowed", 403, "The page asked for after signing in cannot be used.", "Use an absolute http or https URL, or a path that begins with one slash.")
)

// refuse makes a refusal. A reason of this package brings the catalogue's reason of the same code with it.
func refuse(r *lmssso.Reason, e lmssso.Error) error {
	e.Reason = r
	if e.Err == nil {
		e.Err = parent(r)
	}
	return &e
}

// parent returns the catalogue's reason that a reason of this package refines; nil for one of the catalogue's own.
func parent(r *lmssso.Reason) error {
	for _, p := range [...]*lmssso.Reason{
		lmssso.ErrMalformed, lmssso.ErrTooLarge, lmssso.ErrAlgorithm, lmssso.ErrExpired, lmssso.ErrConfiguration,
		lmssso.ErrAttributeMissing, lmssso.ErrAttributeInvalid, lmssso.ErrRoleUnknown, lmssso.ErrTargetNotAllowed,
	} {
		if p.Code() == r.Code() && p != r {
			return p
		}
	}
	return nil
}
