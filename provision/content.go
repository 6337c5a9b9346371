package provision

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// setContent grants courses and learning paths (rules 3 and 4). replaceCourseAccess governs both in SAML and OpenID
// Connect ("any content not specified in either courses or learning paths"), and only courses in a JWT ("not specified in
// courseSlugs"); replaceLearningPathAccess governs learning paths.
func (pl *planner) setContent() error {
	courses, paths := pl.courses(), pl.learningPaths()
	family := []listing{courses}
	if pl.coursesGovernPaths() {
		family = append(family, paths)
	}
	flags := &pl.login.Access.Replace
	replaceCourses, err := pl.replaces(flags.Courses, attrs.ReplaceCourses, family...)
	if err != nil {
		return err
	}
	replacePaths, err := pl.replaces(flags.LearningPaths, attrs.ReplacePaths, paths)
	if err != nil {
		return err
	}
	whyPaths := replacing(replacePaths, attrs.ReplacePaths)
	if replaceCourses && pl.coursesGovernPaths() {
		whyPaths = replacing(true, attrs.ReplaceCourses)
	}
	g := &pl.account.Grants
	g.Courses = pl.update(courses, g.Courses, replacing(replaceCourses, attrs.ReplaceCourses))
	g.LearningPaths = pl.update(paths, g.LearningPaths, whyPaths)
	pl.warnUnknown(courses)
	pl.warnUnknown(paths)
	return nil
}

// coursesGovernPaths reports whether the protocol's replaceCourseAccess covers learning paths. For a protocol that is not
// known it does not: less is revoked.
func (pl *planner) coursesGovernPaths() bool {
	return pl.login.Origin.Protocol == lmssso.SAML || pl.login.Origin.Protocol == lmssso.OIDC
}

func (pl *planner) courses() listing {
	return list("course", attrs.CourseSlugs+", "+attrs.CourseSKUs, pl.snapshot.Facts.Courses, courseSlug,
		spelling[Course]{pl.login.Access.CourseSlugs, courseSlug},
		spelling[Course]{pl.login.Access.CourseSKUs, courseSKU})
}

func (pl *planner) learningPaths() listing {
	slug := func(l *LearningPath) string { return l.Slug }
	return list("learningPath", attrs.LearningPathSlugs, pl.snapshot.Facts.LearningPaths, slug,
		spelling[LearningPath]{pl.login.Access.LearningPathSlugs, slug})
}

func courseSlug(c *Course) string { return c.Slug }
func courseSKU(c *Course) string  { return c.SKU }

// setReports stores the courses an administrator sees reports for (SSO guide, "License Course SKUs"). They add up like
// other grants. No replace flag governs them, so a blank list clears them (ours).
func (pl *planner) setReports() error {
	sent := pl.login.Access.LicenseCourseSKUs
	l := list("licenseCourse", attrs.LicenseCourseSKUs, pl.snapshot.Facts.Courses, courseSKU, spelling[Course]{sent, courseSKU})
	whyRevoke := ""
	if sent.State() == attrs.Blank {
		whyRevoke = whyCleared
	}
	g := &pl.account.Grants
	g.LicenseCourseSKUs = pl.update(l, g.LicenseCourseSKUs, whyRevoke)
	pl.warnUnknown(l)
	return nil
}
