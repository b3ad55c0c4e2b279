//! The watch of the telephones catches what is planted.
