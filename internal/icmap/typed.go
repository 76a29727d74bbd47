package icmap

// get fetches a value that must have exactly the type.
func (m *Map) get(key string, t Type) (Value, error) {
	v, err := m.Get(key)
	if err != nil {
		return Value{}, err
	}
	if v.typ != t {
		return Value{}, ErrType
	}
	return v, nil
}

// GetString returns a string; ErrType when the key is of another type, and so
// do its siblings: no type stands for another.
func (m *Map) GetString(key string) (string, error) {
	v, err := m.get(key, TypeString)
	return v.str, err
}

// GetInt8 is as GetString.
func (m *Map) GetInt8(key string) (int8, error) {
	v, err := m.get(key, TypeInt8)
	return int8(v.num), err
}

// GetUint8 is as GetString.
func (m *Map) GetUint8(key string) (uint8, error) {
	v, err := m.get(key, TypeUint8)
	return uint8(v.num), err
}

// GetInt16 is as GetString.
func (m *Map) GetInt16(key string) (int16, error) {
	v, err := m.get(key, TypeInt16)
	return int16(v.num), err
}

// GetUint16 is as GetString.
func (m *Map) GetUint16(key string) (uint16, error) {
	v, err := m.get(key, TypeUint16)
	return uint16(v.num), err
}

// GetInt32 is as GetString.
func (m *Map) GetInt32(key string) (int32, error) {
	v, err := m.get(key, TypeInt32)
	return int32(v.num), err
}

// GetUint32 is as GetString.
func (m *Map) GetUint32(key string) (uint32, error) {
	v, err := m.get(key, TypeUint32)
	return uint32(v.num), err
}

// GetInt64 is as GetString.
func (m *Map) GetInt64(key string) (int64, error) {
	v, err := m.get(key, TypeInt64)
	return int64(v.num), err
}

// GetUint64 is as GetString.
func (m *Map) GetUint64(key string) (uint64, error) {
	v, err := m.get(key, TypeUint64)
	return v.num, err
}

// GetFloat is as GetString.
func (m *Map) GetFloat(key string) (float32, error) {
	v, err := m.get(key, TypeFloat)
	f, _ := v.Float64()
	return float32(f), err
}

// GetDouble is as GetString.
func (m *Map) GetDouble(key string) (float64, error) {
	v, err := m.get(key, TypeDouble)
	f, _ := v.Float64()
	return f, err
}

// SetString stores a string, and so on for its siblings.
func (m *Map) SetString(key, v string) error { return m.Set(key, String(v)) }

// SetInt8 is Set with a value of that type.
func (m *Map) SetInt8(key string, v int8) error { return m.Set(key, Int8(v)) }

// SetUint8 is Set with a value of that type.
func (m *Map) SetUint8(key string, v uint8) error { return m.Set(key, Uint8(v)) }

// SetInt16 is Set with a value of that type.
func (m *Map) SetInt16(key string, v int16) error { return m.Set(key, Int16(v)) }

// SetUint16 is Set with a value of that type.
func (m *Map) SetUint16(key string, v uint16) error { return m.Set(key, Uint16(v)) }

// SetInt32 is Set with a value of that type.
func (m *Map) SetInt32(key string, v int32) error { return m.Set(key, Int32(v)) }

// SetUint32 is Set with a value of that type.
func (m *Map) SetUint32(key string, v uint32) error { return m.Set(key, Uint32(v)) }

// SetInt64 is Set with a value of that type.
func (m *Map) SetInt64(key string, v int64) error { return m.Set(key, Int64(v)) }

// SetUint64 is Set with a value of that type.
func (m *Map) SetUint64(key string, v uint64) error { return m.Set(key, Uint64(v)) }

// SetFloat is Set with a value of that type.
func (m *Map) SetFloat(key string, v float32) error { return m.Set(key, Float(v)) }

// SetDouble is Set with a value of that type.
func (m *Map) SetDouble(key string, v float64) error { return m.Set(key, Double(v)) }
