// The hand-written layer, against `popgate demo`: a gateway with a sample mailbox of five messages.

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support.h"

namespace {

using namespace std::chrono_literals;

const auto kAlice = popgate::password_credentials("alice", "secret");

/// Runs `body` and returns the Error that it has to throw.
template <class Body>
popgate::Error caught(Body body) {
  try {
    body();
  } catch (const popgate::Error& error) {
    return error;
  }
  ADD_FAILURE() << "no popgate::Error";
  return popgate::Error(grpc::Status::OK);
}

/// Repeats `body` while the server still has the session before, which was ended without QUIT, and returns what it returns.
template <class Body>
auto patiently(Body body) {
  for (int tries = 1;; tries++) {
    try {
      return body();
    } catch (const popgate::Error& error) {
      if (error.reason != "MAILBOX_IN_USE" || tries == 1000) throw;
    }
    std::this_thread::sleep_for(10ms);
  }
}

std::string rest(std::istream& stream) { return {std::istreambuf_iterator<char>(stream), {}}; }

class DemoTest : public testing::Test {
 protected:
  Demo demo;
  popgate::Client client = popgate::connect(demo.target);
  const popgate::Server& server = demo.server;

  /// The unique-ids of what the mailbox has. It ends by QUIT, so that the maildrop is free afterwards.
  std::vector<std::string> ids() {
    return patiently([&] {
      auto session = client.session(server);
      session.auth(kAlice);
      std::vector<std::string> all;
      for (auto& entry : session.uidl()) all.push_back(entry.unique_id());
      session.quit();
      return all;
    });
  }

  std::vector<popgate::Message> fetched() {
    return patiently([&] {
      std::vector<popgate::Message> all;
      for (auto& message : client.fetch(server, kAlice)) all.push_back(message);
      return all;
    });
  }

  popgate::v1::FetchMessagesRequest request() {
    popgate::v1::FetchMessagesRequest request;
    *request.mutable_server() = server;
    *request.mutable_credentials() = kAlice;
    return request;
  }
};

using SessionTest = DemoTest;
using FetchTest = DemoTest;
using CollectTest = DemoTest;

TEST_F(SessionTest, ScopeClosesWithoutQuit) {
  std::string id;
  {
    auto session = client.session(server);
    id = session.id();
    EXPECT_EQ(session.login("alice", "secret").substr(0, 3), "+OK");
    session.dele(1);
  }
  grpc::ClientContext context;
  popgate::v1::NoopRequest request;
  popgate::v1::NoopResponse response;
  request.set_session_id(id);
  auto error = caught([&] { popgate::check(client.pop3().Noop(&context, request, &response)); });
  EXPECT_EQ(error.reason, "SESSION_ENDED");
  EXPECT_EQ(error.cause, "CLOSED");
  EXPECT_EQ(error.outcome, "NOT_COMMITTED");
  EXPECT_EQ(ids().size(), 5u);
}

TEST_F(SessionTest, CloseMayBeRepeatedAndMoved) {
  auto first = client.session(server);
  auto session = std::move(first);
  session.capa();
  session.close();
  session.close();
  EXPECT_EQ(caught([&] { session.capa(); }).cause, "CLOSED");
  session = client.session(server);
  EXPECT_EQ(session.get_welcome(), session.opened().response());
}

TEST_F(SessionTest, QuitCommits) {
  auto session = client.session(server);
  EXPECT_GT(session.capa().capabilities_size(), 0);
  session.apop("alice", "secret");
  auto names = session.uidl();
  ASSERT_EQ(names.size(), 5u);
  EXPECT_EQ(session.uidl(2).at(0).unique_id(), names[1].unique_id());
  EXPECT_EQ(session.list().at(4).octets(), 10443);
  EXPECT_EQ(session.list(5).at(0).octets(), 10443);
  EXPECT_EQ(caught([&] { session.dele(1, names[1].unique_id()); }).reason, "UNIQUE_ID_MISMATCH");
  session.dele(2);
  session.rset();
  session.dele(1, names[0].unique_id());
  EXPECT_EQ(session.quit().outcome(), popgate::v1::COMMIT_OUTCOME_COMMITTED);
  EXPECT_TRUE(session.quit().replayed());
  EXPECT_EQ(ids().front(), names[1].unique_id());
}

TEST_F(SessionTest, Errors) {
  auto session = client.session(server);
  session.user("alice");
  auto error = caught([&] { session.pass("wrong"); });
  EXPECT_EQ(error.reason, "LOGIN_FAILED");
  EXPECT_EQ(error.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(error.command, "PASS");
  EXPECT_EQ(error.response.substr(0, 4), "-ERR");
  EXPECT_EQ(error.metadata.at("response"), error.response);
  EXPECT_FALSE(error.retry_after);
  EXPECT_NE(std::string(error.what()), "");
  EXPECT_EQ(std::string(error.what()).find("wrong"), std::string::npos);
  EXPECT_EQ(caught([&] { client.session(popgate::tls_server("127.0.0.1")); }).reason, "TARGET_NOT_ALLOWED");
}

TEST_F(SessionTest, RetryAfter) {
  auto first = client.session(server), second = client.session(server);
  first.auth(kAlice);
  auto error = caught([&] { second.auth(kAlice); });
  EXPECT_EQ(error.reason, "MAILBOX_IN_USE");
  EXPECT_EQ(error.response_code, "IN-USE");
  EXPECT_EQ(error.retry_after, 30s);
}

TEST_F(SessionTest, RetrIsAStream) {
  auto session = client.session(server);
  auto messages = fetched();
  patiently([&] { return session.auth(kAlice); });
  for (auto& message : messages) {
    auto stream = session.retr(message.number);
    EXPECT_EQ(stream.response().substr(0, 3), "+OK");
    EXPECT_EQ(rest(stream), message.data);
    std::string line, lines;
    for (auto again = session.retr(message.number); std::getline(again, line);) lines += line + "\n";
    EXPECT_EQ(lines, message.data);
    std::ostringstream copy;
    auto third = session.retr(message.number);
    std::getline(third, line);
    third.copy_to(copy);
    EXPECT_EQ(line + "\n" + copy.str(), message.data);
    auto top = session.top(message.number);
    EXPECT_EQ(rest(top), message.data.substr(0, message.data.find("\r\n\r\n") + 4));
  }
  auto error = caught([&] { session.retr(6); });
  EXPECT_EQ(error.reason, "COMMAND_REFUSED");
  EXPECT_EQ(error.command, "RETR");
  EXPECT_EQ(caught([&] { session.retr(1, 1); }).reason, "MESSAGE_TOO_LARGE");
}

TEST_F(SessionTest, RetrMayBeLeft) {
  auto session = client.session(server);
  session.auth(kAlice);
  EXPECT_NE(session.retr(5).get(), std::char_traits<char>::eof());
  session.noop();
}

TEST_F(FetchTest, All) {
  auto fetch = client.fetch(server, kAlice);
  std::vector<std::size_t> sizes;
  for (auto& message : fetch) {
    sizes.push_back(message.data.size());
    EXPECT_EQ(message.sha256, sha256(message.data));
    EXPECT_EQ(message.id_kind, popgate::v1::UNIQUE_ID_KIND_UNIQUE);
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{686, 700, 663, 1187, 10443}));
  EXPECT_EQ(fetch.progress->new_messages(), 5u);
  EXPECT_EQ(fetch.summary->delivered(), 5u);
  EXPECT_EQ(ids().size(), 5u);
  patiently([&] {
    auto again = client.fetch(server, kAlice, fetch.cursor.value());
    EXPECT_EQ(again.begin(), again.end());
  });
}

TEST_F(FetchTest, Request) {
  auto all = request();
  all.set_all(true);
  all.set_max_octets(1000);
  auto fetch = client.fetch(all, 30s);
  EXPECT_EQ(std::distance(fetch.begin(), fetch.end()), 3);
  EXPECT_EQ(fetch.undelivered.size(), 2u);
}

TEST_F(FetchTest, MayBeLeft) {
  for (auto& message : client.fetch(server, kAlice)) {
    EXPECT_EQ(message.delivery_id, 1u);
    break;
  }
  EXPECT_EQ(ids().size(), 5u);
}

TEST_F(FetchTest, Errors) {
  auto wrong = popgate::password_credentials("alice", "wrong");
  auto fetch = client.fetch(server, wrong);
  EXPECT_EQ(caught([&] { fetch.begin(); }).reason, "LOGIN_FAILED");
  EXPECT_EQ(fetch.begin(), fetch.end());
  auto collect = client.collect(server, wrong);
  EXPECT_EQ(caught([&] { collect.begin(); }).reason, "LOGIN_FAILED");
}

TEST_F(CollectTest, GoingOnDeletes) {
  popgate::CollectOptions options;
  std::vector<popgate::v1::DeleteOutcome> outcomes;
  options.on_commit = [&](const popgate::v1::Commit& commit) {
    for (auto& message : commit.messages()) outcomes.push_back(message.outcome());
  };
  options.timeout = 60s;
  auto messages = client.collect(server, kAlice, options);
  EXPECT_EQ(std::distance(messages.begin(), messages.end()), 5);
  EXPECT_EQ(outcomes, std::vector(5, popgate::v1::DELETE_OUTCOME_DELETED));
  EXPECT_EQ(messages.outcome, "COMMITTED");
  EXPECT_EQ(messages.summary->delivered(), 5u);
  messages.finish();
  EXPECT_EQ(ids().size(), 0u);
}

TEST_F(CollectTest, GoingOnDeletesWhatTheBodyHasTaken) {
  auto messages = client.collect(server, kAlice);
  popgate::Message taken;
  for (auto& message : messages) std::swap(taken, message);
  EXPECT_EQ(ids().size(), 0u);
}

TEST_F(CollectTest, BreakKeepsTheMessage) {
  auto before = ids();
  auto messages = client.collect(server, kAlice);
  for (auto& message : messages) {
    if (message.delivery_id == 3) break;
  }
  messages.finish();
  EXPECT_EQ(messages.outcome, "COMMITTED");
  EXPECT_EQ(messages.begin(), messages.end());
  EXPECT_EQ(ids(), std::vector(before.begin() + 2, before.end()));
}

TEST_F(CollectTest, ExceptionKeepsTheMessage) {
  auto before = ids();
  auto messages = client.collect(server, kAlice);
  try {
    for (auto& message : messages) {
      if (message.delivery_id == 2) throw std::out_of_range("full");
    }
  } catch (const std::out_of_range&) {
    messages.finish();
  }
  EXPECT_EQ(ids(), std::vector(before.begin() + 1, before.end()));
}

TEST_F(CollectTest, DestructorGivesUp) {
  for (auto& message : client.collect(server, kAlice)) {
    if (message.delivery_id == 3) break;
  }
  EXPECT_EQ(ids().size(), 5u);
}

TEST_F(CollectTest, LoopGoesOnWhereItWasLeft) {
  auto before = ids();
  auto messages = client.collect(server, kAlice);
  for (auto& message : messages) {
    if (message.delivery_id == 2) break;
  }
  uint64_t expected = 3;
  for (auto& message : messages) {
    EXPECT_EQ(message.delivery_id, expected++);
    if (message.delivery_id == 5) break;
  }
  messages.finish();
  EXPECT_EQ(ids(), (std::vector{before[1], before[4]}));
}

TEST_F(CollectTest, Keep) {
  popgate::CollectOptions options;
  options.settle = popgate::v1::DISPOSITION_KEEP;
  auto messages = client.collect(server, kAlice, options);
  EXPECT_EQ(std::distance(messages.begin(), messages.end()), 5);
  EXPECT_EQ(ids().size(), 5u);
  popgate::v1::CollectOpen open;
  *open.mutable_fetch() = request();
  open.mutable_fetch()->set_cursor(messages.cursor.value());
  patiently([&] {
    auto again = client.collect(open);
    EXPECT_EQ(again.begin(), again.end());
  });
}

TEST_F(CollectTest, ByHand) {
  popgate::CollectOptions options;
  options.settle = popgate::v1::DISPOSITION_UNSPECIFIED;
  auto messages = client.collect(server, kAlice, options);
  for (auto& message : messages) {
    messages.settle(message, message.delivery_id % 2 ? popgate::v1::DISPOSITION_DELETE : popgate::v1::DISPOSITION_KEEP);
  }
  EXPECT_EQ(ids().size(), 2u);
}

TEST_F(CollectTest, TheFirstSettlementStands) {
  auto messages = client.collect(server, kAlice);
  for (auto& message : messages) {
    if (message.delivery_id == 1) messages.settle(message, popgate::v1::DISPOSITION_KEEP);
  }
  EXPECT_EQ(ids().size(), 1u);
}

}  // namespace
