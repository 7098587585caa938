package main

import "errors"

const reportLong = `Print where the money went. Text is for people, --json for programs (contract in the README), --markdown for a review.`

func (a *app) reportTraces(j *job) error {
	s, err := a.read(j)
	if err != nil {
		return err
	}
	defer s.Close()
	return errors.New("report is not merged")
}
