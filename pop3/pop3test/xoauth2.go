package pop3test

import "strings"

// XOAUTH2 returns the mechanism of that name, for [Server.Mechanisms]. A user
// with a token that accepts takes is in; accepts is called by several sessions
// at once, and may think otherwise later, as tokens expire. A refusal is
// preceded by a challenge that explains it in JSON.
func XOAUTH2(accepts func(user, token string) bool) Mechanism {
	return func(x *Exchange) (string, error) {
		response, ok := x.Initial()
		if !ok {
			var err error
			if response, err = x.Challenge(nil); err != nil {
				return "", err
			}
		}
		user, token, ok := cutXOAUTH2(string(response))
		if !ok {
			return "", errBadLogin
		}
		if !accepts(user, token) {
			if _, err := x.Challenge([]byte(`{"status":"400","schemes":"Bearer"}`)); err != nil {
				return "", err
			}
			return "", errBadLogin
		}
		return user, nil
	}
}

// cutXOAUTH2 takes an initial response apart.
func cutXOAUTH2(response string) (user, token string, ok bool) {
	fields := strings.Split(response, "\x01")
	if len(fields) != 4 || fields[2] != "" || fields[3] != "" {
		return "", "", false
	}
	user, hasUser := strings.CutPrefix(fields[0], "user=")
	token, hasToken := strings.CutPrefix(fields[1], "auth=Bearer ")
	return user, token, hasUser && hasToken
}
