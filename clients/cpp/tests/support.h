/// Gateways for the tests: real processes of the binary that the environment's POPGATE names.
#pragma once

#include <popgate/popgate.h>

#include <string>
#include <thread>

/// A process of `popgate demo`: a gateway and a mailbox of five messages, whose user is alice with the password secret.
class Demo {
 public:
  Demo();
  ~Demo();
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  std::string target;
  popgate::Server server;

 private:
  int process_, output_;
  std::thread reader_;
};

/// SHA-256, 32 octets.
std::string sha256(const std::string& data);
