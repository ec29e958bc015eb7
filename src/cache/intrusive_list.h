#pragma once

namespace ara::cache {

/// A place in a circular doubly linked list; derive from it to be listed, once for each Tag. A Link
/// that is not derived from serves as the list's head. The list owns nothing.
template <class Tag>
struct Link {
  Link* previous = this;
  Link* next = this;

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool alone() const { return next == this; }

  void unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }

  /// Puts `other`, which must be alone, behind this one.
  void push_next(Link& other) {
    other.previous = this;
    other.next = next;
    next->previous = &other;
    next = &other;
  }
};

}  // namespace ara::cache
