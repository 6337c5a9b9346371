package provision

import (
	"maps"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// The two reasons a profile field changes.
const (
	whySet     = "the login set it"
	whyCleared = "the login sent it blank"
)

// setEmail follows a changed email, on both sides of a dual-role user. The new one must be free in the realm.
func (pl *planner) setEmail() error {
	email, named := loginEmail(pl.login)
	if !named || pl.created || email == pl.account.Email && (pl.partner == nil || email == pl.partner.Email) {
		return nil
	}
	if err := pl.checkEmailFree(); err != nil {
		return err
	}
	pl.account.Email = email
	pl.note(lmssso.ChangeProfile, string(attrs.Email), whySet)
	if pl.partner == nil {
		return nil
	}
	pl.partner.Email = email
	pl.partnerChanged = true
	pl.note(lmssso.ChangeProfile, string(attrs.Email)+":"+string(pl.partner.Side), "a dual-role user has one email")
	return pl.checkPartner()
}

// checkEmailFree refuses an email that somebody else has.
func (pl *planner) checkEmailFree() error {
	for i := range pl.snapshot.ByEmail {
		switch holder := &pl.snapshot.ByEmail[i]; {
		case holder.ID == pl.account.ID, pl.partner != nil && holder.ID == pl.partner.ID:
		default:
			return emailHeld(holder)
		}
	}
	return nil
}

// checkPartner judges the other side, which changes too, by the same ceiling: a connection for students may not change
// the address of an administrator.
func (pl *planner) checkPartner() error {
	role, err := pl.lookUpRole(pl.partner.Role)
	if err != nil {
		return err
	}
	if pl.policy.Tenant != "" && !pl.allowsTenant(pl.partner.Tenant) {
		return tenantNotAllowed("the user's other account belongs to a learning site the policy does not cover")
	}
	return pl.judgeRole(role)
}

// setProfile follows what the login says about the person (rule 2): absent leaves, blank clears, present sets.
func (pl *planner) setProfile() error {
	from, to := &pl.login.Profile, &pl.account.Profile
	for _, f := range [...]struct {
		key   attrs.Key
		value *attrs.Value
		field *string
	}{
		{attrs.FirstName, &from.FirstName, &to.FirstName},
		{attrs.LastName, &from.LastName, &to.LastName},
		{attrs.Language, &from.Language, &to.Language},
		{attrs.IMISID, &from.IDs.IMIS, &to.IMISID},
		{attrs.SalesforceContactID, &from.IDs.SalesforceContact, &to.SalesforceContact},
		{attrs.SalesforceAccountID, &from.IDs.SalesforceAccount, &to.SalesforceAccount},
		{attrs.Bio, &from.About.Bio, &to.Bio},
		{attrs.Company, &from.About.Company, &to.Company},
		{attrs.Timezone, &from.About.Timezone, &to.Timezone},
		{attrs.Picture, &from.About.Picture, &to.Picture},
	} {
		if text := f.value.String(); !f.value.IsAbsent() && *f.field != text {
			*f.field = text
			pl.note(lmssso.ChangeProfile, string(f.key), why(text))
		}
	}
	pl.setRefs()
	return pl.setCustomFields()
}

func why(text string) string {
	if text == "" {
		return whyCleared
	}
	return whySet
}

// setRefs follows the ten learner refs.
func (pl *planner) setRefs() {
	refs, copied := pl.account.Profile.Refs, false
	for i := range pl.login.Profile.Refs {
		value, n := &pl.login.Profile.Refs[i], i+1
		text := value.String()
		if value.IsAbsent() || refs[n] == text {
			continue
		}
		if !copied {
			refs, copied = copyOf(refs), true
		}
		set(refs, n, text)
		pl.note(lmssso.ChangeProfile, string(attrs.Ref(n)), why(text))
	}
	pl.account.Profile.Refs = refs
}

// setCustomFields merges the custom fields key by key: a key not sent stays. Several texts of one field are stored joined
// by commas (ours). It refuses a login that would let them grow beyond their bound, never one that makes them smaller.
func (pl *planner) setCustomFields() error {
	sent := pl.login.Profile.CustomFields
	fields := pl.account.Profile.CustomFields
	var changed []string
	for key, value := range sent {
		if !value.IsAbsent() && fields[key] != joined(value) {
			changed = append(changed, key)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	slices.Sort(changed)
	before := size(fields)
	fields = copyOf(fields)
	for _, key := range changed {
		text := joined(sent[key])
		set(fields, key, text)
		pl.note(lmssso.ChangeProfile, "customField:"+show(key), why(text))
	}
	if after := size(fields); after > before && after > maxCustomFields {
		return &lmssso.Error{
			Reason: lmssso.ErrTooLarge, Detail: "the account would hold too many custom fields", Expected: "at most 512 kB of names and texts",
		}
	}
	pl.account.Profile.CustomFields = fields
	return nil
}

// maxCustomFields bounds what one account's custom fields take, in bytes. Each login is bounded, but fields add up: without
// an end, logins with ever new names would make an account that no login can be read with any more (ours).
const maxCustomFields = 512 << 10

// fieldOverhead is what a field costs beside its name and text.
const fieldOverhead = 64

func size(fields map[string]string) int {
	n := 0
	for name, text := range fields {
		n += len(name) + len(text) + fieldOverhead
	}
	return n
}

func joined(v attrs.Value) string {
	if v.Len() == 1 {
		return v.String()
	}
	return strings.Join(v.All(), ", ")
}

// copyOf returns a map that may be written to.
func copyOf[K comparable](m map[K]string) map[K]string {
	if m == nil {
		return make(map[K]string)
	}
	return maps.Clone(m)
}

// set stores a text, or removes the key for an empty one.
func set[K comparable](m map[K]string, key K, text string) {
	if text == "" {
		delete(m, key)
		return
	}
	m[key] = text
}
