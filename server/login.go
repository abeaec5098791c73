package server

import (
	"cmp"
	"context"
	"strings"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// loginWait is how long a login of Pop3Service waits for its turn at the host: the server waits for it, and hangs up some time.
const loginWait = 30 * time.Second

// userBefore returns the user that USER has named. It belongs to the call that has its turn.
func (s *session) userBefore() string { return s.user }

// signIn runs the command that ends a login, within the limits of logins, and returns its status line.
func (s *service) signIn(
	ctx context.Context, user func() string, command func(*pop3.Client, context.Context) (string, error),
) (string, error) {
	session := sessionOf(ctx)
	var response string
	err := session.run(ctx, func(ctx context.Context, c *pop3.Client) error {
		done, err := s.mayLogIn(session.caller, session.host, user())
		if err != nil {
			return err
		}
		result := errPanic // until it is known
		defer func() { done(result) }()
		if err = s.loginTurn(ctx, session); err == nil {
			response, err = command(c, ctx)
		}
		result = err
		return err
	})
	return escape(response), err
}

// loginTurn waits for the turn at the host, as long as the session lives.
func (s *service) loginTurn(ctx context.Context, session *session) error {
	wait, cancel := context.WithTimeout(ctx, loginWait)
	defer cancel()
	go func() {
		select {
		case <-session.done:
			cancel()
		case <-wait.Done():
		}
	}()
	err := s.login(wait, session.caller, session.host)
	if err != nil {
		err = cmp.Or(ctx.Err(), session.alive(), err)
	}
	return err
}

// mayLogIn checks the limits of logins that are of the caller's own making: how many a second, and whether its last ones failed. The
// end of the login is told to done. Most servers take a user in any case for the same one, so that a name has one count in all of them.
func (s *service) mayLogIn(caller, host, user string) (done func(error), err error) {
	if later := s.loginRates.take(caller); later > 0 {
		return nil, quotaExceeded("caller", "too many logins of this caller").after(later)
	}
	told, later := s.penalties.begin(caller + "\x00" + host + "\x00" + strings.ToLower(user))
	if later > 0 {
		return nil, quotaExceeded("user", "too many failed logins as this user").after(later)
	}
	return func(err error) {
		told(err != nil && faultOf(err).reason == pb.ErrorReason_ERROR_REASON_LOGIN_FAILED, err == nil)
	}, nil
}
