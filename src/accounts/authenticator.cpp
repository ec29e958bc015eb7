#include "accounts/authenticator.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/hash.h"

namespace ara::accounts {
namespace {

/// How often the use of a key is noted.
constexpr std::chrono::seconds kNoteEvery{60};

std::unexpected<Error> refused(std::string message) {
  return fail(Code::unauthorized, std::move(message));
}

/// Shares the account, but counts its owners apart, so that threads do not share that counter.
std::shared_ptr<const Account> counted_apart(const std::shared_ptr<const Account>& account) {
  const auto holder = std::make_shared<const std::shared_ptr<const Account>>(account);
  return {holder, account.get()};
}

}  // namespace

/// What a credential proved, and what that means in the snapshot it was last looked up in.
struct Authenticator::Proof {
  Kind kind = Kind::none;
  std::uint64_t hash = 0;
  std::string text;
  // A token's:
  std::string account_id;
  std::uint64_t account_generation = 0;
  // A key's:
  Digest digest{};
  std::string key_id;
  SteadyTime note_from = SteadyTime::min();

  std::uint64_t snapshot = 0;  ///< generation of the snapshot that the next two are of
  Principal principal;
  WallTime expires = WallTime::max();
};

bool has_key_shape(std::string_view key) {
  return key.size() == kKeyLength && key.starts_with(kKeyPrefix) &&
         std::ranges::all_of(key.substr(kKeyPrefix.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Authenticator::Authenticator(std::shared_ptr<Directory> directory, Signer signer,
                             const Clock& clock)
    : directory_(std::move(directory)),
      signer_(std::move(signer)),
      clock_(clock),
      instance_(next_instance()) {}

Authenticator::Proof& Authenticator::place_of(std::uint64_t hash) const {
  struct Memory {
    std::uint64_t instance = 0;
    std::vector<Proof> proofs;
  };
  thread_local Memory memory;
  if (memory.instance != instance_) {
    memory.proofs.clear();
    memory.proofs.resize(kRemembered);
    memory.instance = instance_;
  }
  return memory.proofs[hash % kRemembered];
}

Result<Authenticator::Proof> Authenticator::prove(Kind kind, std::string_view text,
                                                  WallTime wall) const {
  Proof proof;
  proof.kind = kind;
  proof.text = text;
  if (kind == Kind::key) {
    if (!has_key_shape(text)) return refused("An API key is ara_ and 64 hexadecimal digits");
    proof.digest = sha256(text);
    return proof;
  }
  auto claims = signer_.verify(text, wall);
  if (!claims) return std::unexpected(std::move(claims.error()));
  proof.account_id = std::move(claims->subject);
  proof.account_generation = claims->generation;
  proof.expires = WallTime(std::chrono::seconds(claims->expires));
  return proof;
}

Result<void> Authenticator::resolve(Proof& proof, const DirectorySnapshot& snapshot) const {
  std::shared_ptr<const Account> account;
  if (proof.kind == Kind::key) {
    const auto found = snapshot.keys.find(proof.digest);
    if (found == snapshot.keys.end()) return refused("The API key is unknown or revoked");
    account = found->second.account;
    proof.key_id = found->second.id;
    proof.expires = found->second.expires;
  } else {
    const auto found = snapshot.accounts.find(proof.account_id);
    if (found == snapshot.accounts.end() || found->second->generation != proof.account_generation) {
      return refused("The token is no longer valid: log in again");
    }
    account = found->second;
  }
  if (!account->active) return refused("The account is disabled");
  proof.principal.account = counted_apart(account);
  proof.snapshot = snapshot.generation;
  return {};
}

Result<Principal> Authenticator::check(Kind kind, std::string_view text, SteadyTime now) {
  const DirectorySnapshot* snapshot = directory_->fresh(now);
  if (snapshot == nullptr) return fail(Code::unavailable, "The accounts cannot be read now");
  const WallTime wall = clock_.now();
  const std::uint64_t hash = stable_hash64(text);
  Proof& place = place_of(hash);
  if (place.kind != kind || place.hash != hash || !equal_in_constant_time(place.text, text)) {
    auto proof = prove(kind, text, wall);
    if (!proof) return std::unexpected(std::move(proof.error()));
    if (auto found = resolve(*proof, *snapshot); !found) {
      return std::unexpected(std::move(found.error()));
    }
    proof->hash = hash;
    place = std::move(*proof);
  } else if (place.snapshot != snapshot->generation) {
    if (auto found = resolve(place, *snapshot); !found) {
      place = {};
      return std::unexpected(std::move(found.error()));
    }
  }
  if (wall >= place.expires) {
    place = {};
    return refused(kind == Kind::key ? "The API key has expired"
                                     : "The token has expired: log in again");
  }
  if (kind == Kind::key && now >= place.note_from) {
    directory_->note_use(place.key_id, wall);
    place.note_from = now + kNoteEvery;
  }
  return place.principal;
}

Result<Principal> Authenticator::token(std::string_view text, SteadyTime now) {
  return check(Kind::token, text, now);
}

Result<Principal> Authenticator::key(std::string_view text, SteadyTime now) {
  return check(Kind::key, text, now);
}

}  // namespace ara::accounts
