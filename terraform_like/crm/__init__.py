"""CRMs behind one port: every provider keeps the same promises."""
