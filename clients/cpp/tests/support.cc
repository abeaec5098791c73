#include "support.h"

#include <openssl/sha.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <regex>
#include <stdexcept>

namespace {

// Where `popgate demo` says what it has started; the last thing it prints is about grpcurl.
const std::regex kDemo(R"(gateway +(\S+)[\s\S]*?mailbox +(\S+):(\d+)[\s\S]*grpcurl)");

/// Starts `popgate demo` and returns its process; what it prints comes by `output`.
int start(int& output) {
  int ends[2];
  const char* binary = std::getenv("POPGATE");
  if (!binary || pipe(ends) != 0) throw std::runtime_error("POPGATE has to name the binary, and there has to be a pipe");
  int process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(binary, binary, "demo", "--listen=127.0.0.1:0", "--mailbox=127.0.0.1:0", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  output = ends[0];
  return process;
}

}  // namespace

Demo::Demo() : process_(start(output_)) {
  std::string said;
  std::smatch match;
  char buffer[4096];
  while (!std::regex_search(said, match, kDemo)) {
    auto count = read(output_, buffer, sizeof buffer);
    if (count <= 0) throw std::runtime_error("popgate demo has ended: " + said);
    said.append(buffer, static_cast<std::size_t>(count));
  }
  target = match[1];
  server = popgate::plaintext_server(match[2], static_cast<uint16_t>(std::stoi(match[3])));
  reader_ = std::thread([output = output_] {
    char rest[4096];
    while (read(output, rest, sizeof rest) > 0) {
    }
  });
}

Demo::~Demo() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  reader_.join();
  close(output_);
}

std::string sha256(const std::string& data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}
