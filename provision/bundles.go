package provision

import (
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// setBundles grants subscriptions (rule 3), or leaves exactly the one listed under tieredSubscription (rule 5; SSO guide,
// "Tiered Subscription?": for users who move between subscriptions).
func (pl *planner) setBundles() error {
	bundles := list("bundle", attrs.BundleSlugs, pl.snapshot.Facts.Bundles, bundleSlug,
		spelling[Bundle]{pl.login.Access.BundleSlugs, bundleSlug})
	tiered, err := pl.replaces(pl.login.Access.Replace.TieredSubscription, attrs.TieredSubscription, bundles)
	if err != nil {
		return err
	}
	if tiered && len(bundles.found) > 1 {
		return &lmssso.Error{
			Reason: lmssso.ErrAttributeInvalid, Detail: "tieredSubscription is on and bundleSlugs lists several",
			Expected: "one bundle, or a blank list", Received: showAll(bundles.found),
		}
	}
	g := &pl.account.Grants
	g.Bundles = pl.update(bundles, g.Bundles, replacing(tiered, attrs.TieredSubscription))
	pl.warnUnknown(bundles)
	return nil
}

func bundleSlug(b *Bundle) string { return b.Slug }

// setSSOSubscription gives the bundle every login through the connection receives (rule 6; SSO guide, "SSO
// Subscription"). It is marked as the connection's and stands outside the tiered set. A bundle the directory does not know
// is the site's own mistake, not the user's: the login goes on, with a warning (ours). A policy that no longer names a
// bundle takes none away.
func (pl *planner) setSSOSubscription() error {
	slug, connection := pl.policy.SSOSubscription, pl.login.Origin.Connection
	given := pl.account.Grants.SSOBundles
	switch {
	case slug == "" || given[connection] == slug:
		return nil
	case connection == "":
		return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the policy has an SSO subscription and the login names no connection"}
	case !slices.ContainsFunc(pl.snapshot.Facts.Bundles, func(b Bundle) bool { return b.Slug == slug }):
		pl.note(lmssso.ChangeWarning, "ssoBundle:"+show(slug), "the policy's SSO subscription is not a bundle the directory knows")
		return nil
	}
	if old := given[connection]; old != "" {
		pl.note(lmssso.ChangeRevoke, "ssoBundle:"+show(old), "the connection's SSO subscription is another bundle now")
	}
	given = copyOf(given)
	given[connection] = slug
	pl.account.Grants.SSOBundles = given
	pl.note(lmssso.ChangeGrant, "ssoBundle:"+show(slug), "every login through the connection receives it")
	return nil
}
