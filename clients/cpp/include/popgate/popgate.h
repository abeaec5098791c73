/// popgate: POP3 mailboxes through a popgate gateway.
///
/// `connect` opens a channel; its Client fetches and collects whole messages, or opens a Session with a method for each POP3
/// command. The namespace popgate::v1 holds the generated code.
#pragma once

#include "popgate/client.h"   // IWYU pragma: export
#include "popgate/error.h"    // IWYU pragma: export
#include "popgate/mailbox.h"  // IWYU pragma: export
#include "popgate/session.h"  // IWYU pragma: export
