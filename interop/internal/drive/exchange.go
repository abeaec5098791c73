package drive

import pb "github.com/popgate/popgate/gen/go/popgate/v1"

// Exchange logs in by AuthExchange and returns the status line.
func (s *Session) Exchange(m Mechanism) (string, error) {
	s.T.Helper()
	x := s.Begin(s.T, "AuthExchange")
	first := &pb.AuthExchangeRequest{Mechanism: m.Name, InitialResponse: m.Initial}
	s.Name(first)
	x.MustSend(first)
	for {
		message, err := x.Receive()
		if err != nil {
			return "", err
		}
		response := message.(*pb.AuthExchangeResponse)
		if response.Challenge == nil {
			x.MustCloseSend()
			x.WantEnd()
			if m.Verify != nil {
				err = m.Verify()
			}
			return response.GetResponse(), err
		}
		answer, err := m.Step(response.GetChallenge())
		if err != nil || response.GetRaw() {
			s.T.Fatalf("%s: %v (raw: %t)", m.Name, err, response.GetRaw())
		}
		x.MustSend(&pb.AuthExchangeRequest{Response: answer})
	}
}
