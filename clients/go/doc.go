// Package popgate reads POP3 mailboxes through a popgate gateway.
//
// [Connect] opens a channel; its [Client] fetches and collects whole messages, or opens a [Session] with a method for each POP3
// command. The generated code is in github.com/popgate/popgate/gen/go/popgate/v1, and its stubs are fields of the Client. Every
// error of a call is an [*Error].
package popgate
