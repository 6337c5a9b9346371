package main

import (
	"bytes"
	"embed"
	"net/http"
	"time"
)

//go:embed pages.html style.css
var files embed.FS

// form is the sign-in form as it is shown: what was typed, except the password, and what was wrong.
type form struct {
	Email, ReturnTo            string
	NoEmail, NoPassword, Wrong bool
	Wait                       time.Duration // how long until the next attempt; 0 for now
}

// Minutes returns the wait as people say it.
func (f form) Minutes() int { return int((f.Wait + time.Minute - 1) / time.Minute) }

// page is what the templates show.
type page struct {
	Title          string
	Host           string // of the learning site
	User           user   // zero when nobody is signed in
	Form           form
	Demo           []person
	Message        string
	Link, LinkText string
}

// ask shows the sign-in form.
func (s *site) ask(w http.ResponseWriter, status int, f form) {
	s.show(w, status, "sign-in", page{Title: "Sign in", Form: f, Demo: s.cfg.demo})
}

func (s *site) show(w http.ResponseWriter, status int, name string, p page) {
	p.Host = s.host
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, p); err != nil {
		s.cfg.log.Error("page not shown", "page", name, "error", err)
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the client went away: nobody is left to tell
}

func style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeFileFS(w, r, files, "style.css")
}
